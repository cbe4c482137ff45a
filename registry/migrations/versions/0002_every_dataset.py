"""Tables of the further datasets."""

from alembic import op

from registry.migrations.grants import grant_one_writer

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")
