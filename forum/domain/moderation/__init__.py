"""Words kept aside, notices, decisions and complaints; threads put in order."""
