"""`python -m genlab.cli`, the same as `genlab`."""

import sys

from genlab.cli.main import main

sys.exit(main())
