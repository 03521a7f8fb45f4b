package main

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Clouds answers all requests.
type Clouds struct {
	objects map[string]*stored
	counts  counters
	faults  atomic.Pointer[Faults]
	tunnels tunnels
	// How many requests could have been throttled since the last change.
	throttled atomic.Int64
}

// Faults are what the clouds' answers suffer from.
type Faults struct {
	// Before each answer.
	DelayMs int
	// Of the requests for objects and keys, each so-manyth gets 503 SlowDown; none for 0.
	ThrottleOneIn int64
}

func newClouds(setup Setup) (*Clouds, error) {
	clouds := &Clouds{objects: map[string]*stored{}, tunnels: make(tunnels)}
	clouds.faults.Store(&Faults{})
	for name, object := range setup.Objects {
		one, err := object.store()
		if err != nil {
			return nil, err
		}
		clouds.objects[name] = one
	}
	return clouds, nil
}

// change returns what was counted before it.
func (clouds *Clouds) change(faults Faults) Counts {
	clouds.faults.Store(&faults)
	clouds.throttled.Store(0)
	return clouds.counts.takeAll()
}

func (clouds *Clouds) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodConnect {
		clouds.tunnels.open(response)
		return
	}
	clouds.counts.requests.Add(1)
	faults := clouds.faults.Load()
	time.Sleep(time.Duration(faults.DelayMs) * time.Millisecond)
	path := request.URL.Path
	sink, isSink := sinks[path]
	switch {
	case isSink:
		io.Copy(io.Discard, request.Body)
		sink(response, request)
	case strings.HasPrefix(path, "/computeMetadata/"):
		token(response)
	case strings.HasPrefix(path, "/v1/kv/"):
		clouds.consul(response, request)
	case strings.HasPrefix(path, "/storage/"):
		clouds.storage(response, request)
	case !strings.HasPrefix(request.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
		response.WriteHeader(http.StatusForbidden)
	case faults.ThrottleOneIn > 0 && clouds.throttled.Add(1)%faults.ThrottleOneIn == 0:
		slowDown(response)
	case request.Method == http.MethodPost:
		clouds.call(response, request)
	default:
		clouds.s3(response, request)
	}
}

// sinks are a webhook, Splunk, OpenTelemetry, and one that never answers.
var sinks = map[string]http.HandlerFunc{
	"/hook": func(response http.ResponseWriter, _ *http.Request) { response.WriteHeader(http.StatusNoContent) },
	"/services/collector/event": func(response http.ResponseWriter, _ *http.Request) {
		writeJSON(response, map[string]any{"text": "Success", "code": 0})
	},
	"/v1/logs": func(response http.ResponseWriter, _ *http.Request) { writeJSON(response, map[string]any{}) },
	"/hang":    func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() },
}
