"""The OAuth 2.1 authorization server and the basics of OpenID Connect: one module a grant or endpoint.

Endpoints are functions from a request to a reply. What is wrong with a request is a `Fault`, a value, named as the RFCs
name it. Codes, tokens and secrets are 256 random bits and kept by their hash; what may be used once is used within one
transaction of the store, so that of any number of workers one has it.
"""
