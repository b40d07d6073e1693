"""`python -m genlab`, the same as `genlab`; torchrun starts it so."""

import sys

from genlab.cli.main import main

sys.exit(main())
