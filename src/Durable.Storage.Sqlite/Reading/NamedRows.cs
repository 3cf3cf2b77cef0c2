// Rows as objects: by Dapper, and without it where no code may be made at run time (trimmed programs with DynamicCodeSupport=false).
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Dapper;

namespace Durable.Storage.Sqlite;

/// <summary>Reads rows whose columns are named as the properties.</summary>
internal static class NamedRows
{
    /// <summary>All rows.</summary>
    public static List<T> Query<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(
        DbConnection connection, string sql, params (string Name, object? Value)[] parameters) where T : new()
    {
        if (!RuntimeFeature.IsDynamicCodeSupported) return Plain<T>(connection, sql, parameters);      // the trimmer drops what follows, and Dapper with it
        var values = new DynamicParameters();
        foreach (var (name, value) in parameters) values.Add(name, value);
        return connection.Query<T>(sql, values).AsList();
    }

    /// <summary>The first row, or null.</summary>
    public static T? First<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(
        DbConnection connection, string sql, params (string Name, object? Value)[] parameters) where T : class, new() => Query<T>(connection, sql, parameters).FirstOrDefault();

    /// <summary>The number in the first column of the first row.</summary>
    public static long Number(DbConnection connection, string sql, params (string Name, object? Value)[] parameters)
    {
        using var command = Command(connection, sql, parameters);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>The same rows without Dapper.</summary>
    public static List<T> Plain<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(
        DbConnection connection, string sql, (string Name, object? Value)[] parameters) where T : new()
    {
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is not null).ToDictionary(property => property.Name, StringComparer.Ordinal);
        using var command = Command(connection, sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            object row = new T();
            for (var at = 0; at < reader.FieldCount; at++)
                if (!reader.IsDBNull(at) && properties.TryGetValue(reader.GetName(at), out var property)) property.SetValue(row, Converted(reader.GetValue(at), property.PropertyType));
            rows.Add((T)row);
        }

        return rows;
    }

    private static object Converted(object value, Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        return target.IsInstanceOfType(value) ? value : Convert.ChangeType(value, target, CultureInfo.InvariantCulture);
    }

    private static DbCommand Command(DbConnection connection, string sql, (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@" + name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
