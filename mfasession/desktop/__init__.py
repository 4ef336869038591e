"""The person's desktop: notifications."""
