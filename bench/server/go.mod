module envseal/bench/server

go 1.24
