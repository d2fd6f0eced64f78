"""The product's version, also where it runs from a checkout that is not installed."""

VERSION = "0.1.0"
