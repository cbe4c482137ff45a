"""The review queue of unmatched names, and undone batches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from registry.migrations.grants import grant_one_writer

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    add_undo()
    own_aliases()
    create_matches()
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")


def add_undo() -> None:
    """What an undo needs to know, and the headings that a fault workbook needs."""
    op.add_column("batch", sa.Column("headings", postgresql.JSONB(), nullable=True))
    op.add_column("batch", sa.Column("undoes", sa.BigInteger(), nullable=True))
    op.add_column("batch", sa.Column("undone_by", sa.BigInteger(), nullable=True))
    op.add_column("batch", sa.Column("made_by", sa.String(), nullable=True))
    op.add_column("batch", sa.Column("reason", sa.String(), nullable=True))
    for column in ("undoes", "undone_by"):
        op.create_foreign_key(op.f(f"fk_batch_{column}"), "batch", "batch", [column], ["id"])
        op.create_index(op.f(f"ix_batch_{column}"), "batch", [column], unique=False)


def own_aliases() -> None:
    """Whose an alias is: the batch of the registration that was known at that time, else the enterprise's first.

    Names already there get the form for comparison in which brackets no longer count. Of two spellings that
    become one, the second keeps its old form, which nothing asks for any more.
    """
    op.add_column("enterprise_alias", sa.Column("batch_id", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE enterprise_alias a SET batch_id = coalesce("
        " (SELECT e.batch_id FROM enterprise e WHERE e.enterprise_code = a.enterprise_code"
        "   AND e.known_at = a.known_at ORDER BY e.id LIMIT 1),"
        " (SELECT e.batch_id FROM enterprise e WHERE e.enterprise_code = a.enterprise_code ORDER BY e.id LIMIT 1))"
    )
    op.execute(
        "WITH spelled AS (SELECT id, enterprise_code, translate(alias, '()[]{}【】〔〕〖〗〈〉《》「」『』', '') AS form,"
        "  alias FROM enterprise_alias WHERE kind = 'name'),"
        " ranked AS (SELECT *, row_number() OVER (PARTITION BY enterprise_code, form"
        "  ORDER BY alias <> form, id) AS place FROM spelled)"
        " UPDATE enterprise_alias a SET alias = ranked.form FROM ranked"
        " WHERE ranked.id = a.id AND ranked.place = 1 AND a.alias <> ranked.form"
    )
    op.drop_constraint(
        op.f("uq_enterprise_alias_kind_alias_enterprise_code"), "enterprise_alias", type_="unique"
    )
    op.create_unique_constraint(
        op.f("uq_enterprise_alias_kind_alias_enterprise_code_batch_id"),
        "enterprise_alias",
        ["kind", "alias", "enterprise_code", "batch_id"],
    )
    op.create_index(op.f("ix_enterprise_alias_batch_id"), "enterprise_alias", ["batch_id"], unique=False)
    op.create_index(
        "ix_enterprise_alias_organisation",
        "enterprise_alias",
        [sa.text("substr(alias, 9, 9)")],
        unique=False,
        postgresql_where=sa.text("kind = 'uniscid'"),
    )


def create_matches() -> None:
    """Questions, the rows that wait for them, candidates and decisions."""
    op.create_table(
        "match_question",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("given_number", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("signature", sa.String(), nullable=True),
        sa.Column("searched_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_match_question_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_question")),
        sa.UniqueConstraint(
            "dataset", "sender", "name_key", "number",
            name=op.f("uq_match_question_dataset_sender_name_key_number"),
        ),
    )  # fmt: skip
    op.create_index("ix_match_question_state", "match_question", ["state", "id"], unique=False)
    op.create_table(
        "match_row",
        sa.Column("question_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("brought_in_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["question_id"], ["match_question.id"], name=op.f("fk_match_row_question_id")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_match_row_batch_id")),
        sa.ForeignKeyConstraint(["brought_in_by"], ["batch.id"], name=op.f("fk_match_row_brought_in_by")),
        sa.PrimaryKeyConstraint("question_id", "batch_id", "row_no", name=op.f("pk_match_row")),
    )
    op.create_index(op.f("ix_match_row_batch_id"), "match_row", ["batch_id"], unique=False)
    op.create_table(
        "match_candidate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("known_as", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["match_question.id"], name=op.f("fk_match_candidate_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_candidate")),
        sa.UniqueConstraint(
            "question_id", "round", "enterprise_code",
            name=op.f("uq_match_candidate_question_id_round_enterprise_code"),
        ),
    )  # fmt: skip
    op.create_table(
        "match_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["match_question.id"], name=op.f("fk_match_decision_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_decision")),
    )
    op.create_index(op.f("ix_match_decision_question_id"), "match_decision", ["question_id"], unique=False)
