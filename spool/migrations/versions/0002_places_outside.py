"""Places outside"""

from alembic import op
import sqlalchemy as sa

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('arrivals',
    sa.Column('id', sa.String(length=24), nullable=False),
    sa.Column('place', sa.String(length=80), nullable=False),
    sa.Column('folder', sa.Text(), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('taken_as', sa.LargeBinary(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('mtime', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('shown', sa.Text(), nullable=False),
    sa.Column('draft', sa.Text(), nullable=False),
    sa.Column('draft_place', sa.BigInteger(), nullable=False),
    sa.Column('inode', sa.BigInteger(), nullable=False),
    sa.Column('ctime_ns', sa.BigInteger(), nullable=False),
    sa.Column('gone_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_arrivals')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('arrivals', schema=None) as batch_op:
        batch_op.create_index('ix_arrivals_folder', ['place', 'folder'], unique=False)

    op.create_table('departures',
    sa.Column('id', sa.String(length=24), nullable=False),
    sa.Column('place', sa.String(length=80), nullable=False),
    sa.Column('target', sa.String(length=80), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('uploaded_as', sa.Text(), nullable=False),
    sa.Column('delivered_as', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_departures')),
    sqlite_with_rowid=False
    )
    op.create_table('remote_places',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('connected', sa.Boolean(), nullable=False),
    sa.Column('trouble', sa.Text(), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('next_try_at', sa.BigInteger(), nullable=True),
    sa.Column('reached_at', sa.BigInteger(), nullable=True),
    sa.Column('collected', sa.BigInteger(), nullable=False),
    sa.Column('delivered', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_remote_places'))
    )
