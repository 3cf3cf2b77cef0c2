// The application's own tables and context: nothing here knows of workflows.
using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Samples.EfCore;

/// <summary>An order as the shop stores it.</summary>
public sealed class Purchase
{
    public required string Id { get; init; }

    public required string Item { get; init; }

    public required int Count { get; init; }
}

/// <summary>What is left of an item.</summary>
public sealed class Stock
{
    public required string Item { get; init; }

    public required int Left { get; set; }
}

/// <summary>The shop's context.</summary>
public sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
{
    public DbSet<Purchase> Purchases => Set<Purchase>();

    public DbSet<Stock> Stocks => Set<Stock>();

    /// <summary>A context inside a transaction that somebody else began and will end: of a transactional step.</summary>
    public static ShopDb In(DbTransaction transaction)
    {
        var db = new ShopDb(new DbContextOptionsBuilder<ShopDb>().UseNpgsql(transaction.Connection!).Options);
        db.Database.UseTransaction(transaction);
        return db;
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema("shop");
        modelBuilder.Entity<Purchase>().HasKey(purchase => purchase.Id);
        modelBuilder.Entity<Stock>().HasKey(stock => stock.Item);
    }
}
