package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

const (
	kmsKey = "arn:aws:kms:us-east-1:111122223333:key/bench"
	// The most that SSM returns in a page.
	// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
	pageSize = 10
)

func (clouds *Clouds) s3(response http.ResponseWriter, request *http.Request) {
	object, found := clouds.objects[strings.TrimPrefix(request.URL.Path, "/snacks/")]
	if !found {
		response.Header().Set("Content-Type", "application/xml")
		response.WriteHeader(http.StatusNotFound)
		response.Write([]byte("<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"))
		return
	}
	header := response.Header()
	header.Set("X-Amz-Server-Side-Encryption", "aws:kms")
	header.Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", kmsKey)
	header.Set("ETag", `"0123456789abcdef0123456789abcdef"`)
	header.Set("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
	header.Set("Content-Length", object.length)
	if object.checksum[0] != "" && request.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
		header.Set(object.checksum[0], object.checksum[1])
		header.Set("X-Amz-Checksum-Type", "FULL_OBJECT")
	}
	if request.Method != http.MethodHead {
		response.Write(object.body)
	}
}

func slowDown(response http.ResponseWriter) {
	response.Header().Set("Content-Type", "application/xml")
	response.WriteHeader(http.StatusServiceUnavailable)
	response.Write([]byte("<Error><Code>SlowDown</Code><Message>reduce your request rate</Message></Error>"))
}

// input has what is read of the calls below.
type input struct {
	Path      string
	NextToken string
	Name      string
	Names     []string
	SecretId  string
	// Base64.
	CiphertextBlob string
}

// call answers the services that are spoken to in JSON: KMS, Systems Manager and Secrets Manager.
func (clouds *Clouds) call(response http.ResponseWriter, request *http.Request) {
	var in input
	json.NewDecoder(request.Body).Decode(&in)
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	switch operation {
	case "Decrypt":
		// The bench wraps nothing: a wrapped data key is the data key.
		writeJSON(response, map[string]any{"Plaintext": in.CiphertextBlob, "KeyId": kmsKey})
	case "GetParametersByPath":
		clouds.parametersByPath(response, in)
	case "GetParameters":
		parameters := []parameter{}
		for _, name := range in.Names {
			parameters = append(parameters, clouds.parameter(name)...)
		}
		writeJSON(response, map[string]any{"Parameters": parameters, "InvalidParameters": []string{}})
	case "GetSecretValue":
		writeJSON(response, map[string]any{"Name": in.SecretId, "SecretString": clouds.secret(in.SecretId)})
	default:
		response.WriteHeader(http.StatusBadRequest)
		writeJSON(response, map[string]any{"__type": "UnknownOperationException"})
	}
}

type parameter struct {
	Name, Value, Type string
	Version           int
}

func (clouds *Clouds) parametersByPath(response http.ResponseWriter, in input) {
	folder := strings.Trim(in.Path, "/")
	var list [][2]string
	if object, found := clouds.objects[folder]; found {
		list = object.variables
	}
	first, _ := strconv.Atoi(in.NextToken)
	next := min(first+pageSize, len(list))
	parameters := []parameter{}
	for _, variable := range list[min(first, next):next] {
		parameters = append(parameters, parameterOf(folder, variable))
	}
	page := map[string]any{"Parameters": parameters}
	if next < len(list) {
		page["NextToken"] = strconv.Itoa(next)
	}
	writeJSON(response, page)
}

// parameter has one element, or none where there is no such parameter. A name is `/OBJECT/VARIABLE`, in any case.
func (clouds *Clouds) parameter(name string) []parameter {
	folder, last, _ := strings.Cut(strings.Trim(name, "/"), "/")
	if object, found := clouds.objects[folder]; found {
		for _, variable := range object.variables {
			if strings.EqualFold(variable[0], last) {
				return []parameter{parameterOf(folder, variable)}
			}
		}
	}
	return nil
}

func parameterOf(folder string, variable [2]string) parameter {
	return parameter{"/" + folder + "/" + strings.ToLower(variable[0]), variable[1], "SecureString", 1}
}

// secret is all variables of an object as one flat object of JSON. An id may be an ARN.
func (clouds *Clouds) secret(id string) string {
	id = id[strings.LastIndexByte(id, ':')+1:]
	values := map[string]string{}
	if object, found := clouds.objects[id]; found {
		for _, variable := range object.variables {
			values[variable[0]] = variable[1]
		}
	}
	text, _ := json.Marshal(values)
	return string(text)
}

func writeJSON(response http.ResponseWriter, value any) {
	text, _ := json.Marshal(value)
	if response.Header().Get("Content-Type") == "" {
		response.Header().Set("Content-Type", "application/x-amz-json-1.1")
	}
	response.Header().Set("Content-Length", strconv.Itoa(len(text)))
	response.Write(text)
}
