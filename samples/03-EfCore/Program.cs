// A purchase with EF Core on PostgreSQL: the order's row and the start of its workflow commit together, inside a delegate that EF's execution strategy may run again.
// The connection string is the first argument, or DURABLE_SAMPLE_POSTGRES.
using Durable;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Samples.EfCore;

if ((args.FirstOrDefault() ?? Environment.GetEnvironmentVariable("DURABLE_SAMPLE_POSTGRES")) is not { Length: > 0 } database)
{
    Console.Error.WriteLine("Give a PostgreSQL connection string as the argument or in DURABLE_SAMPLE_POSTGRES. 'eng/postgres.sh start' prints one of a throw-away server.");
    return 2;
}

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = Directory.GetCurrentDirectory() });
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None);
builder.Services.AddDbContext<ShopDb>(options => options.UseNpgsql(database, npgsql => npgsql.EnableRetryOnFailure()));
builder.Services.AddDurable(durable => durable
    .UsePostgres(database)
    .AddWorkflow<PurchaseWorkflow>()
    .AddTransactional((_, transaction) => ShopDb.In(transaction)));

using var host = builder.Build();
await using (var scope = host.Services.CreateAsyncScope()) await CreateTablesAsync(scope.ServiceProvider.GetRequiredService<ShopDb>());
await host.StartAsync();
var client = host.Services.GetRequiredService<DurableClient>();

var id = $"purchase-{Guid.NewGuid().ToString("N")[..8]}";
var attempts = 0;
await using (var scope = host.Services.CreateAsyncScope())
{
    var db = scope.ServiceProvider.GetRequiredService<ShopDb>();

    // The strategy runs all of it again after a fault that may pass – also when the commit counted and only its answer was lost. The fixed ids make it one purchase and one run.
    await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.Purchases.FindAsync(id) is null) db.Purchases.Add(new Purchase { Id = id, Item = "tea", Count = 2 });
        await db.SaveChangesAsync();
        await client.Enlist(transaction.GetDbTransaction()).StartAsync((PurchaseWorkflow w) => w.RunAsync(id, "tea", 2), StartOptions.Once(id));
        await transaction.CommitAsync();
        if (++attempts == 1) throw new NpgsqlException("The connection broke behind the commit.", new IOException());      // so that you can see it
    });
}

var left = await client.GetRun<PurchaseWorkflow, int>(id).ResultAsync();
await using (var scope = host.Services.CreateAsyncScope())
{
    var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
    Console.WriteLine($"Attempts {attempts}, purchases {await db.Purchases.CountAsync(purchase => purchase.Id == id)}, "
        + $"runs {await client.CountAsync(new RunFilter { IdPrefix = id })}, left {left}.");
}

var info = await client.GetRun(id).DescribeAsync();
await host.StopAsync();
Console.WriteLine($"{info.WorkflowId} {info.Status}");
return 0;

static async Task CreateTablesAsync(ShopDb db)
{
    await db.Database.ExecuteSqlRawAsync("""
        create schema if not exists shop;
        create table if not exists shop."Purchases" ("Id" text primary key, "Item" text not null, "Count" int not null);
        create table if not exists shop."Stocks" ("Item" text primary key, "Left" int not null);
        insert into shop."Stocks" values ('tea', 100) on conflict do nothing;
        """);
}
