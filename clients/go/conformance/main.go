// Speaks for this client in tests/clients/test_conformance.py: see there for the lines.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"truss"
	branchv1 "truss/branch/v1"
	migrationv1 "truss/migration/v1"
)

func fail(err error) {
	var told *truss.Error
	if !errors.As(err, &told) {
		panic(err)
	}
	or := func(word string) string {
		if word == "" {
			return "-"
		}
		return word
	}
	fmt.Println("error", told.Code, or(told.Reason), or(told.SQLState), told.Message)
}

func say(verb string, message proto.Message) {
	bytes, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	fmt.Println(verb, hex.EncodeToString(bytes))
}

func call(client *truss.Client, words []string) {
	ctx := context.Background()
	if words[1] != "-" {
		ms, _ := strconv.Atoi(words[1])
		limited, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	if words[2] != "-" {
		ctx = truss.WithKey(ctx, words[2])
	}
	name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(words[0], "connection."), "branch."), "backup.")
	if strings.HasPrefix(name, "sql.") {
		name = "SQL" + strings.TrimPrefix(name, "sql.")
	}
	method := reflect.ValueOf(client).MethodByName(name)
	request := reflect.New(method.Type().In(1).Elem())
	payload, _ := hex.DecodeString(append(words, "")[3])
	if err := proto.Unmarshal(payload, request.Interface().(proto.Message)); err != nil {
		panic(err)
	}
	result := method.Call([]reflect.Value{reflect.ValueOf(ctx), request})
	if err, _ := result[1].Interface().(error); err != nil {
		fail(err)
		return
	}
	say("reply", result[0].Interface().(proto.Message))
}

// What makes a branch and waits, by its verb.
func maker(client *truss.Client, verb string) (proto.Message, func() (*branchv1.Branch, error)) {
	ctx := context.Background()
	onEvent := func(event *branchv1.BranchEvent) { say("event", event) }
	switch verb {
	case "make":
		request := &branchv1.CreateBranchRequest{}
		return request, func() (*branchv1.Branch, error) { return client.MakeBranch(ctx, request, onEvent) }
	case "reset":
		request := &branchv1.ResetBranchRequest{}
		return request, func() (*branchv1.Branch, error) { return client.ResetAndWait(ctx, request, onEvent) }
	case "golden":
		request := &branchv1.RefreshGoldenRequest{}
		return request, func() (*branchv1.Branch, error) { return client.RefreshGoldenAndWait(ctx, request, onEvent) }
	}
	return nil, nil
}

func makeBranch(words []string, request proto.Message, function func() (*branchv1.Branch, error)) {
	payload, _ := hex.DecodeString(append(words, "")[0])
	if err := proto.Unmarshal(payload, request); err != nil {
		panic(err)
	}
	branch, err := function()
	if err != nil {
		fail(err)
		return
	}
	say("reply", branch)
}

func main() {
	client, err := truss.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	defer client.Close()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.Split(lines.Text(), " ")
		if words[0] == "call" {
			call(client, words[1:])
		} else if request, function := maker(client, words[0]); request != nil {
			makeBranch(words[1:], request, function)
		} else if _, err := client.Watch(context.Background(), words[1], 0, func(event *migrationv1.Event) error {
			say("event", event)
			return nil
		}); err != nil {
			fail(err)
		} else {
			fmt.Println("end")
		}
	}
}
