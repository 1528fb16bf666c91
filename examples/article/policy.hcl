# What the build may do in Vault: read the application's secrets, nothing else.
path "secret/data/my-app/*" {
  capabilities = ["read"]
}
