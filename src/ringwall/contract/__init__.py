"""What was stated: the contract and the API's OpenAPI document, read once into frozen values. No behaviour."""
