// Package truss is the client of truss-worker: PostgreSQL migrations of every framework over one API.
//
//	client, err := truss.Open("tcp://127.0.0.1:8788")
//	status, err := client.GetStatus(ctx, &migrationv1.GetStatusRequest{})
//
// Every method of the .proto's services is there under its own name. The context's deadline travels with the request: the worker
// does not begin what has expired. Goroutines may share a client.
package truss

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	branchv1 "truss/branch/v1"
	migrationv1 "truss/migration/v1"
	rpcv1 "truss/rpc/v1"
)

const (
	patience    = 2 * time.Second  // with a worker that is being restarted
	longestWait = 30 * time.Second // of one long poll
	cancelWait  = 30 * time.Second // for the end of a run that was cancelled
)

// Error is why a call failed; Error() is one sentence that a person can act on.
type Error struct {
	Code        Code
	Message     string
	Reason      string // "LOCKED", "PLAN_CHANGED", … where the code is too wide
	SQLState    string // these three are PostgreSQL's
	Detail      string
	Hint        string
	Migration   string
	Suggestions []string
}

func (e *Error) Error() string { return e.Code.String() + ": " + e.Message }

// Is makes errors.Is work: with the context's errors, and with the sentinels below, which have a code or a reason and no message.
func (e *Error) Is(target error) bool {
	switch target {
	case context.DeadlineExceeded:
		return e.Code == DeadlineExceeded
	case context.Canceled:
		return e.Code == Canceled
	}
	want, ok := target.(*Error)
	return ok && want.Message == "" && (want.Code == 0 || want.Code == e.Code) && (want.Reason == "" || want.Reason == e.Reason)
}

// What callers tell apart most often, for errors.Is.
var (
	ErrNotFound         = &Error{Code: NotFound}
	ErrUnavailable      = &Error{Code: Unavailable}
	ErrUnauthenticated  = &Error{Code: Unauthenticated}
	ErrPermissionDenied = &Error{Code: PermissionDenied}
	ErrLocked           = &Error{Reason: "LOCKED"}       // another run is going on
	ErrPlanChanged      = &Error{Reason: "PLAN_CHANGED"} // not the plan with this hash any more
)

// RunError is a run that has not applied what it was asked for; Operation says how far it came.
type RunError struct {
	Operation *migrationv1.Operation
}

func (e *RunError) Error() string { return e.Operation.GetSummary() }

// Unwrap gives the error of the run itself, where there is one; what failed in a migration is in Operation.Result.Failed.
func (e *RunError) Unwrap() error {
	if status := e.Operation.GetError(); status.GetCode() != 0 {
		return errorOf(status)
	}
	return nil
}

// Code is a google.rpc.Code.
type Code int32

// The codes that callers tell apart most often.
const (
	Canceled           Code = 1
	InvalidArgument    Code = 3
	DeadlineExceeded   Code = 4
	NotFound           Code = 5
	PermissionDenied   Code = 7
	FailedPrecondition Code = 9
	Aborted            Code = 10
	Internal           Code = 13
	Unavailable        Code = 14
	Unauthenticated    Code = 16
)

var codeNames = [...]string{"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL",
	"UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"}

func (c Code) String() string {
	if c >= 0 && int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("CODE_%d", int32(c))
}

// Client is a worker at tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH.
type Client struct {
	url   string
	token string
	tls   *tls.Config

	mutex sync.Mutex
	idle  []*connection
}

// Option changes how a client is opened.
type Option func(*Client)

// WithToken sends a bearer token with each call. Without it the token is that of the variable TRUSS_TOKEN.
func WithToken(token string) Option { return func(c *Client) { c.token = token } }

// WithTLS says whom to trust and who we are at a tls+tcp:// address. Without it the variables TRUSS_WORKER_CA, TRUSS_WORKER_CERT and
// TRUSS_WORKER_KEY name the files of that.
func WithTLS(config *tls.Config) Option { return func(c *Client) { c.tls = config } }

// Open makes a client. It connects with the first call, and again after a loss.
func Open(url string, options ...Option) (*Client, error) {
	address := strings.TrimPrefix(url, "tls+")
	if !strings.HasPrefix(url, "ipc://") && (!strings.HasPrefix(address, "tcp://") || !strings.Contains(address[6:], ":")) {
		return nil, fmt.Errorf("%q is not an address of a worker: tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH", url)
	}
	client := &Client{url: url, token: os.Getenv("TRUSS_TOKEN")}
	for _, option := range options {
		option(client)
	}
	if client.tls != nil && address == url {
		return nil, fmt.Errorf("%q is met without TLS, which WithTLS asks for: say tls+tcp://", url)
	}
	return client, nil
}

// Close releases the idle connections.
func (c *Client) Close() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, one := range c.idle {
		one.close()
	}
	c.idle = nil
}

type keyOfCall struct{}

// WithKey gives the calls of a context an idempotency key: a second call with it does nothing, and gets the same answer.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOfCall{}, key)
}

// Watch hands the events of a run behind the one with the id after to the function, as they come, until the run or the function
// ends; it gives the run's operation.
func (c *Client) Watch(ctx context.Context, id string, after uint32, event func(*migrationv1.Event) error) (*migrationv1.Operation, error) {
	for {
		wait := longestWait
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline)/2 < wait {
			wait = time.Until(deadline) / 2
		}
		reply, err := c.WaitOperation(ctx, &migrationv1.WaitOperationRequest{Id: id, AfterEvent: after, WaitMs: uint32(wait.Milliseconds())})
		if err != nil {
			return nil, err
		}
		for _, one := range reply.Events {
			after = one.Id
			if err := event(one); err != nil {
				return reply.Operation, err
			}
		}
		if reply.Operation.GetDone() && after >= reply.Operation.GetLastEvent() {
			return reply.Operation, nil
		}
	}
}

// Events is Watch as an iterator, in the shape of iter.Seq2: from Go 1.23 on
//
//	for event, err := range client.Events(ctx, id, 0) { … }
func (c *Client) Events(ctx context.Context, id string, after uint32) func(yield func(*migrationv1.Event, error) bool) {
	return func(yield func(*migrationv1.Event, error) bool) {
		enough := errors.New("enough")
		_, err := c.Watch(ctx, id, after, func(event *migrationv1.Event) error {
			if !yield(event, nil) {
				return enough
			}
			return nil
		})
		if err != nil && err != enough {
			yield(nil, err)
		}
	}
}

// RunAndWait runs, waits for its end, and gives the operation: Result has what was applied. A run that did not succeed is a
// *RunError beside it. When the context ends, the run is cancelled, and its end waited for. The functions get each event.
func (c *Client) RunAndWait(ctx context.Context, request *migrationv1.RunRequest, onEvent ...func(*migrationv1.Event)) (*migrationv1.Operation, error) {
	begun, err := c.StartRun(ctx, request)
	if err != nil {
		return nil, err
	}
	operation, err := c.Watch(ctx, begun.Id, 0, func(event *migrationv1.Event) error {
		for _, one := range onEvent {
			one(event)
		}
		return nil
	})
	if err != nil {
		late, stop := context.WithTimeout(context.Background(), cancelWait)
		defer stop()
		if ended, failure := c.CancelOperation(late, &migrationv1.CancelOperationRequest{Id: begun.Id}); failure == nil {
			operation = ended
		}
		return operation, err
	}
	if operation.State != migrationv1.OperationState_OPERATION_STATE_SUCCEEDED {
		return operation, &RunError{Operation: operation}
	}
	return operation, nil
}

// WatchBranch hands what happens while a branch is made, behind the event with the id after, to the function, as it comes, until that
// has ended or the function ends it; it gives the branch. That it could not be made is an *Error.
func (c *Client) WatchBranch(ctx context.Context, id, after uint32, event func(*branchv1.BranchEvent) error) (*branchv1.Branch, error) {
	for {
		wait := longestWait
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline)/2 < wait {
			wait = time.Until(deadline) / 2
		}
		reply, err := c.WaitBranch(ctx, &branchv1.WaitBranchRequest{Id: fmt.Sprint(id), AfterEvent: after, WaitMs: uint32(wait.Milliseconds())})
		if err != nil {
			return nil, err
		}
		for _, one := range reply.Events {
			after = one.Id
			if err := event(one); err != nil {
				return reply.Branch, err
			}
		}
		switch {
		case !reply.Done:
		case reply.Error.GetCode() != 0:
			return reply.Branch, errorOf(reply.Error)
		case reply.Branch.GetStatus() == "failed":
			return reply.Branch, &Error{Code: FailedPrecondition, Message: reply.Branch.GetLastError()}
		default:
			return reply.Branch, nil
		}
	}
}

// MakeBranch makes a branch, and returns it when it is ready. If the context ends, the branch is undone, and the call waits for that.
// The functions get each event.
func (c *Client) MakeBranch(ctx context.Context, request *branchv1.CreateBranchRequest, onEvent ...func(*branchv1.BranchEvent)) (*branchv1.Branch, error) {
	begun, err := c.StartBranch(ctx, request)
	return c.follow(ctx, begun, err, onEvent)
}

// ResetAndWait makes a branch again from its source, as MakeBranch makes one. If that fails or the context ends, the branch stays as it
// was.
func (c *Client) ResetAndWait(ctx context.Context, request *branchv1.ResetBranchRequest, onEvent ...func(*branchv1.BranchEvent)) (*branchv1.Branch, error) {
	begun, err := c.StartReset(ctx, request)
	return c.follow(ctx, begun, err, onEvent)
}

// RefreshGoldenAndWait makes the golden copy again, as MakeBranch makes a branch. If that fails or the context ends, the old copy
// stays.
func (c *Client) RefreshGoldenAndWait(ctx context.Context, request *branchv1.RefreshGoldenRequest, onEvent ...func(*branchv1.BranchEvent)) (*branchv1.Branch, error) {
	begun, err := c.StartGolden(ctx, request)
	return c.follow(ctx, begun, err, onEvent)
}

// What was begun, or the error of that; to its end.
func (c *Client) follow(ctx context.Context, begun *branchv1.Branch, err error, onEvent []func(*branchv1.BranchEvent)) (*branchv1.Branch, error) {
	if err != nil {
		return nil, err
	}
	branch, err := c.WatchBranch(ctx, begun.Id, 0, func(event *branchv1.BranchEvent) error {
		for _, one := range onEvent {
			one(event)
		}
		return nil
	})
	if ctx.Err() != nil && err != nil {
		late, stop := context.WithTimeout(context.Background(), cancelWait)
		defer stop()
		if _, failure := c.CancelBranch(late, &branchv1.CancelBranchRequest{Id: fmt.Sprint(begun.Id)}); failure == nil {
			branch, _ = c.WatchBranch(late, begun.Id, 0, func(*branchv1.BranchEvent) error { return nil })
		}
	}
	return branch, err
}

// The socket has the context's deadline, and may tell of it a moment before the context does.
func isOver(ctx context.Context, err error) bool {
	deadline, ok := ctx.Deadline()
	return errors.Is(err, context.DeadlineExceeded) || ok && (errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Before(deadline))
}

func (c *Client) call(ctx context.Context, method string, safe bool, request, reply proto.Message) error {
	envelope, err := c.envelope(ctx, method, request)
	if err != nil {
		return err
	}
	bytes, err := c.exchange(ctx, envelope, safe)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return &Error{Code: Canceled, Message: method + " was given up."}
		}
		if isOver(ctx, err) {
			return &Error{Code: DeadlineExceeded, Message: method + " was not answered in its time."}
		}
		return &Error{Code: Unavailable, Message: fmt.Sprintf("The worker at %s was lost: %v.", c.url, err)}
	}
	var response rpcv1.Response
	if err = proto.Unmarshal(bytes, &response); err == nil {
		if status := response.Status; status.GetCode() != 0 {
			return errorOf(status)
		}
		err = proto.Unmarshal(response.Payload, reply)
	}
	if err != nil {
		return &Error{Code: Internal, Message: "The worker's answer cannot be read: " + err.Error() + "."}
	}
	return nil
}

func errorOf(status *rpcv1.Status) *Error {
	detail := status.GetDetail()
	return &Error{Code: Code(status.Code), Message: status.Message, Reason: detail.GetReason(), SQLState: detail.GetSqlstate(),
		Detail: detail.GetDetail(), Hint: detail.GetHint(), Migration: detail.GetMigration(), Suggestions: detail.GetSuggestions()}
}

func (c *Client) envelope(ctx context.Context, method string, request proto.Message) ([]byte, error) {
	payload, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	envelope := &rpcv1.Request{Method: method, Payload: payload}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	add := func(key, value string) {
		envelope.Metadata = append(envelope.Metadata, &rpcv1.Metadata{Key: key, Value: value})
	}
	add("request-id", fmt.Sprintf("%x", id))
	if key, ok := ctx.Value(keyOfCall{}).(string); ok {
		add("idempotency-key", key)
	}
	if c.token != "" {
		add("authorization", "Bearer "+c.token)
	}
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline).Milliseconds()
		if left <= 0 {
			return nil, &Error{Code: DeadlineExceeded, Message: "The time for this call is over."}
		}
		envelope.TimeoutMs = uint32(math.Min(float64(left), math.MaxUint32))
	}
	return proto.Marshal(envelope)
}

// Once; again where the request cannot have been begun, or does no harm twice.
func (c *Client) exchange(ctx context.Context, envelope []byte, safe bool) ([]byte, error) {
	for again := safe; ; {
		one, err := c.take(ctx)
		if err != nil {
			return nil, err
		}
		reply, err := one.exchange(ctx, envelope)
		if err == nil {
			c.give(one)
			return reply, nil
		}
		one.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !again || isOver(ctx, err) {
			return nil, err
		}
		again = false
	}
}

func (c *Client) take(ctx context.Context) (*connection, error) {
	for until := time.Now().Add(patience); ; {
		c.mutex.Lock()
		var one *connection
		if n := len(c.idle); n > 0 {
			one, c.idle = c.idle[n-1], c.idle[:n-1]
		}
		c.mutex.Unlock()
		if one != nil {
			if !one.lost() {
				return one, nil
			}
			one.close()
			continue
		}
		one, err := connect(ctx, c.url, c.tls)
		if err == nil || time.Now().After(until) {
			return one, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *Client) give(one *connection) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.idle = append(c.idle, one)
}
