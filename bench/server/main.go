// The clouds of the bench: S3, SSM, Secrets Manager, KMS, Cloud Storage, its metadata server and receivers of events, on
// 127.0.0.1, over HTTP and HTTPS. It answers at once, so that what is measured is the client.
//
// stdin: one line of JSON, a Setup; then a line of JSON for each change, Faults, which also sets the counts to zero.
// stdout: a line of JSON with the URLs; then the Counts until then for each change. It ends with its stdin.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
)

// Setup is what the server has from its start on.
type Setup struct {
	// By the name in the bucket `snacks`.
	Objects map[string]Object
	// PEM.
	Certificate, PrivateKey string
}

// URLs are where it listens.
type URLs struct {
	HTTP  string `json:"http"`
	HTTPS string `json:"https"`
}

func main() {
	// Collected less often: no start waits for it.
	debug.SetGCPercent(800)
	if err := serve(bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "bench server:", err)
		os.Exit(1)
	}
}

func serve(in *bufio.Reader, out *json.Encoder) error {
	var setup Setup
	if err := readLine(in, &setup); err != nil {
		return err
	}
	clouds, err := newClouds(setup)
	if err != nil {
		return err
	}
	urls, err := clouds.listen(setup)
	if err != nil {
		return err
	}
	if err := out.Encode(urls); err != nil {
		return err
	}
	for {
		var faults Faults
		if err := readLine(in, &faults); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := out.Encode(clouds.change(faults)); err != nil {
			return err
		}
	}
}

func readLine(in *bufio.Reader, into any) error {
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, into)
}

func (clouds *Clouds) listen(setup Setup) (urls URLs, err error) {
	pair, err := tls.X509KeyPair([]byte(setup.Certificate), []byte(setup.PrivateKey))
	if err != nil {
		return urls, err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return urls, err
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return urls, err
	}
	server := &http.Server{
		Handler: clouds,
		// Clients that give up are no news.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	// HTTP/1.1 only, as S3 has it.
	config := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
	go server.Serve(counting{plain, &clouds.counts})
	go server.Serve(tls.NewListener(counting{secure, &clouds.counts}, config))
	go server.Serve(tls.NewListener(clouds.tunnels, config))
	return URLs{"http://" + plain.Addr().String(), "https://" + secure.Addr().String()}, nil
}
