"""The tables of version 1: studies, jobs and what belongs to them."""

import sqlalchemy as sql
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "panodent_store",
        sql.Column("version", sql.Integer, nullable=False),
        sql.Column("store", sql.String(32), nullable=False),
    )
    op.create_table(
        "study",
        sql.Column("id", sql.String(32), primary_key=True),
        sql.Column("name", sql.String(200), nullable=False),
        sql.Column("kind", sql.String(10), nullable=False),
        sql.Column("suffix", sql.String(10), nullable=False),
        sql.Column("created", sql.String(40), nullable=False, index=True),
        sql.Column("updated", sql.String(40), nullable=False, index=True),
        sql.Column("revision", sql.Integer, nullable=False),
        sql.Column("saved", sql.Boolean, nullable=False),
        sql.Column("width", sql.Integer, nullable=False),
        sql.Column("height", sql.Integer, nullable=False),
        sql.Column("count", sql.Integer, nullable=False),
        sql.Column("about", sql.Text, nullable=False),
        sql.Column("predicted", sql.Text, nullable=False),
        sql.Column("teeth", sql.Text, nullable=True),
        sql.Column("written", sql.Integer, nullable=False),
    )
    op.create_table(
        "job",
        sql.Column("id", sql.String(32), primary_key=True),
        sql.Column("created", sql.String(40), nullable=False, index=True),
        sql.Column("cancelled", sql.Boolean, nullable=False),
    )
    op.create_table(
        "job_item",
        sql.Column("id", sql.String(32), primary_key=True),
        sql.Column("job", sql.String(32), sql.ForeignKey("job.id"), nullable=False, index=True),
        sql.Column("position", sql.Integer, nullable=False),
        sql.Column("name", sql.String(200), nullable=False),
        sql.Column("suffix", sql.String(10), nullable=False),
        sql.Column("state", sql.String(10), nullable=False, index=True),
        sql.Column("error", sql.Text, nullable=True),
        sql.Column("attempts", sql.Integer, nullable=False),
    )
