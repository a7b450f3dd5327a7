package truss

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// The scalability protocols' request/reply over TCP, TLS or a Unix socket: the greeting is eight bytes each way; a message is its size,
// a request number with its highest bit set, and the envelope.
var (
	greeting = []byte{0, 'S', 'P', 0, 0, 0x30, 0, 0} // we are a REQ
	answer   = []byte{0, 'S', 'P', 0, 0, 0x31, 0, 0} // and talk to a REP
)

const largest = 64 << 20

type connection struct {
	socket net.Conn
	prefix []byte
	number uint32
}

// What the variables say of TLS: whom to trust (else whom the system trusts), and who we are. Read for each connection.
func tlsOfEnvironment() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if name := os.Getenv("TRUSS_WORKER_CA"); name != "" {
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate", name)
		}
	}
	if name := os.Getenv("TRUSS_WORKER_CERT"); name != "" {
		pair, err := tls.LoadX509KeyPair(name, os.Getenv("TRUSS_WORKER_KEY"))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func dial(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
	if network != "tls" {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if config == nil {
		var err error
		if config, err = tlsOfEnvironment(); err != nil {
			return nil, err
		}
	}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
}

func connect(ctx context.Context, url string, config *tls.Config) (*connection, error) {
	one := &connection{}
	network, address := "tcp", strings.TrimPrefix(url, "tcp://")
	if strings.HasPrefix(url, "tls+tcp://") {
		network, address = "tls", strings.TrimPrefix(url, "tls+tcp://")
	}
	if strings.HasPrefix(url, "ipc://") {
		network, address, one.prefix = "unix", strings.TrimPrefix(url, "ipc://"), []byte{1}
	}
	socket, err := dial(ctx, network, address, config)
	if err != nil {
		return nil, err
	}
	one.socket = socket
	defer one.until(ctx)()
	got := make([]byte, len(answer))
	if _, err = socket.Write(greeting); err == nil {
		_, err = io.ReadFull(socket, got)
	}
	if err == nil && !bytes.Equal(got, answer) {
		err = errors.New("it is no truss-worker")
	}
	if err != nil {
		one.close()
		return nil, err
	}
	return one, nil
}

func (c *connection) close() { c.socket.Close() }

// until makes reads and writes end with the context, until the function that it gives is called. That one waits for the goroutine:
// callers cancel a context as soon as a call returns, and a late one would end the next call of this connection.
func (c *connection) until(ctx context.Context) func() {
	deadline, _ := ctx.Deadline() // none: the zero time
	_ = c.socket.SetDeadline(deadline)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-ctx.Done():
			_ = c.socket.SetDeadline(time.Unix(1, 0))
		case <-done:
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// lost tells whether the worker closed the connection while nothing was asked.
func (c *connection) lost() bool {
	_ = c.socket.SetReadDeadline(time.Now().Add(time.Microsecond))
	_, err := c.socket.Read(make([]byte, 1))
	var timeout net.Error
	return err == nil || !errors.As(err, &timeout) || !timeout.Timeout()
}

func (c *connection) exchange(ctx context.Context, envelope []byte) ([]byte, error) {
	defer c.until(ctx)()
	c.number = c.number%0x7fffffff + 1
	head := binary.BigEndian.AppendUint64(append([]byte{}, c.prefix...), uint64(4+len(envelope)))
	head = binary.BigEndian.AppendUint32(head, 0x80000000|c.number)
	if _, err := c.socket.Write(append(head, envelope...)); err != nil {
		return nil, err
	}
	for {
		number, reply, err := c.receive()
		if err != nil || number == 0x80000000|c.number {
			return reply, err
		}
		// else it is the late reply to one that was given up
	}
}

func (c *connection) receive() (uint32, []byte, error) {
	head := make([]byte, len(c.prefix)+8)
	if _, err := io.ReadFull(c.socket, head); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint64(head[len(c.prefix):])
	if !bytes.HasPrefix(head, c.prefix) || size < 4 || size > largest {
		return 0, nil, fmt.Errorf("the worker sent a message of %d bytes", size)
	}
	var frame bytes.Buffer // grows with what arrives: what is announced is not allocated
	if _, err := io.CopyN(&frame, c.socket, int64(size)); err != nil {
		return 0, nil, err
	}
	return binary.BigEndian.Uint32(frame.Bytes()), frame.Bytes()[4:], nil
}
