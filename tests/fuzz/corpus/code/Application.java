Application.java
spring.flyway.table=f
Flyway.configure().table("t").locations("classpath:a", X + "b").load();
