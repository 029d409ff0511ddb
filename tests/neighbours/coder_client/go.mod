module example.com/coder_client

go 1.19
