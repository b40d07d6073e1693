"""Reference models: small models whose evidence is known exactly, as ordinary components.

They are what a check compares with: a bound against the evidence, draws against the marginal, a closed form against
draws. The kit registers them itself, so recipes that the kit runs can name them, and others cannot.
"""
