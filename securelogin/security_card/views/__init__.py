"""The card in the browser: request, show, keep, prove, done; a module for each room."""
