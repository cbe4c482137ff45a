"""Reports (报表与文书): decisions become paper, sheets and figures."""
