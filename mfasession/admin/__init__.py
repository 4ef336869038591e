"""What an administrator does: audits an account's MFA, applies the rule."""
