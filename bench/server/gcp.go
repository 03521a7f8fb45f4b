package main

import (
	"net/http"
	"strings"
)

const cryptoKey = "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"

// token is the metadata server's.
func token(response http.ResponseWriter) {
	response.Header().Set("Metadata-Flavor", "Google")
	response.Header().Set("Content-Type", "application/json")
	writeJSON(response, map[string]any{"access_token": "token", "expires_in": 3599, "token_type": "Bearer"})
}

// storage is the JSON API of Cloud Storage: `/storage/v1/b/BUCKET/o/OBJECT`, its resource or its bytes.
func (clouds *Clouds) storage(response http.ResponseWriter, request *http.Request) {
	_, name, _ := strings.Cut(request.URL.Path, "/o/")
	object, found := clouds.objects[name]
	if request.Header.Get("Authorization") != "Bearer token" {
		response.WriteHeader(http.StatusUnauthorized)
		return
	}
	if !found {
		response.WriteHeader(http.StatusNotFound)
		return
	}
	if request.URL.Query().Get("alt") != "media" {
		response.Header().Set("Content-Type", "application/json")
		writeJSON(response, map[string]any{"generation": "1", "kmsKeyName": cryptoKey, "crc32c": object.crc32c})
		return
	}
	response.Header().Set("X-Goog-Generation", "1")
	response.Header().Set("X-Goog-Hash", "crc32c="+object.crc32c)
	response.Header().Set("Content-Length", object.length)
	response.Write(object.body)
}
