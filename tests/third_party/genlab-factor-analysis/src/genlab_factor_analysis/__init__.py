"""Factor analysis as a plugin of genlab: every evidence, posterior and term of the bound is exact."""
