"""What a data source is made of: observations held in memory, and their cut into three parts.

def load(self):
rows = TensorSplit(x)
train, validation, test = (rows.subset(chosen) for chosen in split_indices(len(rows), self.split, self.seed))
return Splits(DataSpec("my-data", x.shape[1:], len(train)), train, validation, test)
"""

from genlab.data.splitting import Fractions, check_fractions, hold_out, split_indices
from genlab.data.tensor_split import Observe, TensorSplit

__all__ = ["Fractions", "Observe", "TensorSplit", "check_fractions", "hold_out", "split_indices"]
