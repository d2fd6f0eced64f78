"""Question sets → scores: does a knowledge base find, answer, cite and abstain as it should. No input or output."""
