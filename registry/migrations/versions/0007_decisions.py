"""What a grading rested on, and the decisions of people about it: adoptions, overrides, appeals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from registry.migrations.grants import grant_one_writer

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    create_adoptions()
    create_overrides()
    create_gradings()
    create_appeals()
    add_columns_of_grade()
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")


def create_adoptions() -> None:
    """Tables model_adoption and adoption_act."""
    op.create_table(
        "model_adoption",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("model_run_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_run_id"], ["model_run.id"], name=op.f("fk_model_adoption_model_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_adoption")),
    )
    op.create_index(op.f("ix_model_adoption_model_run_id"), "model_adoption", ["model_run_id"], unique=False)
    _create_acts("adoption_act", "adoption_id", "model_adoption")


def create_overrides() -> None:
    """Tables grade_override and override_act."""
    op.create_table(
        "grade_override",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("credit_risk_class", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("by_appeal", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_override")),
    )
    op.create_index(
        "ix_grade_override_enterprise", "grade_override", ["place", "enterprise_code"], unique=False
    )
    _create_acts("override_act", "override_id", "grade_override")


def create_gradings() -> None:
    """Tables rules_edition and grading."""
    op.create_table(
        "rules_edition",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("kept_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rules_edition")),
    )
    targets = {
        "snapshot_id": "feature_snapshot.id", "model_run_id": "model_run.id", "adoption_id": "model_adoption.id",
        "previous_snapshot_id": "feature_snapshot.id", "rules_version": "rules_edition.version",
    }  # fmt: skip
    op.create_table(
        "grading",
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("model_run_id", sa.BigInteger(), nullable=False),
        sa.Column("model_hash", sa.String(), nullable=False),
        sa.Column("adoption_id", sa.BigInteger(), nullable=False),
        sa.Column("previous_snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("cuts", postgresql.ARRAY(postgresql.DOUBLE_PRECISION()), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_grading_{column}"))
            for column, target in targets.items()
        ),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("pk_grading")),
    )


def create_appeals() -> None:
    """Tables grade_appeal and appeal_act."""
    op.create_table(
        "grade_appeal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grade_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("disputed", postgresql.JSONB(), nullable=False),
        sa.Column("comparison", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["grade_id"], ["grade.id"], name=op.f("fk_grade_appeal_grade_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_appeal")),
    )
    op.create_index(op.f("ix_grade_appeal_grade_id"), "grade_appeal", ["grade_id"], unique=False)
    op.create_index(
        op.f("ix_grade_appeal_enterprise_code"), "grade_appeal", ["enterprise_code"], unique=False
    )
    override = sa.Column("override_id", sa.BigInteger(), nullable=True)
    reference = sa.ForeignKeyConstraint(
        ["override_id"], ["grade_override.id"], name=op.f("fk_appeal_act_override_id")
    )
    _create_acts("appeal_act", "appeal_id", "grade_appeal", override, reference)


def add_columns_of_grade() -> None:
    """The class at each layer beside the final one."""
    op.add_column("grade", sa.Column("settled_class", sa.String(), nullable=True))
    op.add_column("grade", sa.Column("ruled_class", sa.String(), nullable=True))
    op.add_column("grade", sa.Column("override_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_grade_override_id"), "grade", "grade_override", ["override_id"], ["id"])


def _create_acts(name: str, key: str, target: str, *more: sa.Column[int] | sa.Constraint) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(key, sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("acted_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("acted_at", sa.DateTime(), nullable=False),
        *more,
        sa.ForeignKeyConstraint([key], [f"{target}.id"], name=op.f(f"fk_{name}_{key}")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(key, "act", name=op.f(f"uq_{name}_{key}_act")),
    )
