package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

type pair struct {
	Key   string
	Value []byte
}

// consul is the key-value store as far as a listing: `/v1/kv/OBJECT?recurse`, a key for each variable.
// https://developer.hashicorp.com/consul/api-docs/kv#read-key
func (clouds *Clouds) consul(response http.ResponseWriter, request *http.Request) {
	folder := strings.Trim(strings.TrimPrefix(request.URL.Path, "/v1/kv/"), "/")
	list := []pair{}
	if object, found := clouds.objects[folder]; found {
		for _, variable := range object.variables {
			list = append(list, pair{folder + "/" + variable[0], []byte(variable[1])})
		}
	}
	text, _ := json.Marshal(list)
	response.Header().Set("X-Consul-Index", "1")
	response.Header().Set("Content-Type", "application/json")
	response.Write(text)
}
