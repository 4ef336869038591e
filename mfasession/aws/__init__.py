"""AWS: the calls that are made to STS and IAM, and what their answers and errors mean."""
