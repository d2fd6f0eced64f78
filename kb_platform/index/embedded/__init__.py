"""Qdrant's embedded engine behind Qdrant's own REST protocol (the part of it that the platform and llama-index use).

The engine admits one opener of a folder, so this is a process of its own:
`python -m kb_platform.index.embedded --folder DIR --port N`.
"""
