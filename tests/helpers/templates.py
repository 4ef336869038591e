"""Parts of CloudFormation templates that several tests read."""


def trust_property(operator: str) -> str:
    """Return the property of a role that lets its account assume it, with this test for MFA."""
    return f"""\
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {{AWS: !Sub 'arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:root'}}
            Action: sts:AssumeRole
            Condition:
              {operator}: {{aws:MultiFactorAuthPresent: true}}
"""
