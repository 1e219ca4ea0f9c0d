"""Words kept aside, notices, decisions and complaints."""
