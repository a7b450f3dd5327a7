--liquibase formatted sql
--changeset a:1 splitStatements:false endDelimiter:// runOnChange:true dbms:postgresql
--comment: c
SELECT 1//
--rollback SELECT 2
--changeset "a b":2
--preconditions onFail:MARK_RAN
SELECT $$;$$;
