// What Go users expect: see test_conformance.py. Prints a line for each.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"truss"
	migrationv1 "truss/migration/v1"
)

func main() {
	client, err := truss.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	defer client.Close()
	ctx := context.Background()
	count := 0
	done, err := client.RunAndWait(ctx, &migrationv1.RunRequest{Target: "001_step"}, func(*migrationv1.Event) { count++ })
	fmt.Println("applied", len(done.GetResult().GetApplied()), count > 1, err)
	told := 0
	client.Events(ctx, done.Id, 0)(func(event *migrationv1.Event, err error) bool {
		told++
		return told < 2
	})
	fmt.Println("events", told)
	_, err = client.RunAndWait(ctx, &migrationv1.RunRequest{Target: "002_step"})
	var failed *truss.RunError
	fmt.Println("failed", errors.As(err, &failed), failed.Operation.Result.Failed.GetSqlstate())
	given, stop := context.WithCancel(ctx)
	yes := true
	request := &migrationv1.RunRequest{Migrations: []string{"003_step"}, XAllowOutOfOrder: &migrationv1.RunRequest_AllowOutOfOrder{AllowOutOfOrder: yes}}
	ended, err := client.RunAndWait(given, request, func(*migrationv1.Event) { stop() })
	fmt.Println("cancelled", errors.Is(err, context.Canceled), ended.GetState() == migrationv1.OperationState_OPERATION_STATE_CANCELLED)
	short, stop := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer stop()
	ended, err = client.RunAndWait(short, request)
	fmt.Println("late", errors.Is(err, context.DeadlineExceeded), ended.GetState() == migrationv1.OperationState_OPERATION_STATE_CANCELLED)
	_, err = client.Preview(ctx, &migrationv1.PreviewRequest{Name: "nothing"})
	fmt.Println("sentinel", errors.Is(err, truss.ErrNotFound), errors.Is(err, truss.ErrLocked), errors.Is(err, context.Canceled))
	_, err = client.Run(ctx, &migrationv1.RunRequest{PlanHash: "another"})
	fmt.Println("reason", errors.Is(err, truss.ErrPlanChanged), errors.Is(err, truss.ErrNotFound))
}
