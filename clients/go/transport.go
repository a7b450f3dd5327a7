package truss

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The scalability protocols' request/reply over TCP or a Unix socket: the greeting is eight bytes each way; a message is its size,
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

func connect(ctx context.Context, url string) (*connection, error) {
	one := &connection{}
	network, address := "tcp", strings.TrimPrefix(url, "tcp://")
	if strings.HasPrefix(url, "ipc://") {
		network, address, one.prefix = "unix", strings.TrimPrefix(url, "ipc://"), []byte{1}
	}
	socket, err := (&net.Dialer{}).DialContext(ctx, network, address)
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

// until makes reads and writes end with the context, until the function that it gives is called.
func (c *connection) until(ctx context.Context) func() {
	deadline, _ := ctx.Deadline() // none: the zero time
	_ = c.socket.SetDeadline(deadline)
	done := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			_ = c.socket.SetDeadline(time.Unix(1, 0))
		case <-done:
		}
	}()
	return func() { close(done) }
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
	frame := make([]byte, size)
	if _, err := io.ReadFull(c.socket, frame); err != nil {
		return 0, nil, err
	}
	return binary.BigEndian.Uint32(frame), frame[4:], nil
}
