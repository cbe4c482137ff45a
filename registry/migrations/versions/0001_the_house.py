"""The first tables: facts, judgements, plans, draws, visits, paper, people, journal and jobs."""

from alembic import op

from registry.migrations.grants import create_roles, grant_one_writer
from registry.tables import Table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    create_roles(op.get_bind())
    Table.metadata.create_all(op.get_bind())
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")
