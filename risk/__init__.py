"""Risk (信用风险分类): facts → judgements about one enterprise, as of a date."""

import os

os.environ.setdefault(
    "OMP_WAIT_POLICY", "PASSIVE"
)  # before LightGBM loads: a busy machine is 50 times slower without
