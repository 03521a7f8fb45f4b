package main

import (
	"net"
	"sync/atomic"
)

// Counts are of everything since the last change.
type Counts struct {
	Requests    int64 `json:"requests"`
	Connections int64 `json:"connections"`
	// Both ways, with headers, and with TLS where it is.
	Bytes int64 `json:"bytes"`
}

type counters struct{ requests, connections, bytes atomic.Int64 }

func (counts *counters) takeAll() Counts {
	return Counts{counts.requests.Swap(0), counts.connections.Swap(0), counts.bytes.Swap(0)}
}

// counting is a listener whose connections are counted.
type counting struct {
	net.Listener
	counts *counters
}

func (listener counting) Accept() (net.Conn, error) {
	conn, err := listener.Listener.Accept()
	if err != nil {
		return nil, err
	}
	listener.counts.connections.Add(1)
	return &countedConn{conn, listener.counts}, nil
}

type countedConn struct {
	net.Conn
	counts *counters
}

func (conn *countedConn) Read(into []byte) (int, error) {
	n, err := conn.Conn.Read(into)
	conn.counts.bytes.Add(int64(n))
	return n, err
}

func (conn *countedConn) Write(from []byte) (int, error) {
	n, err := conn.Conn.Write(from)
	conn.counts.bytes.Add(int64(n))
	return n, err
}
