"""The calls to AWS (STS and IAM), and the meaning of their answers and errors."""
