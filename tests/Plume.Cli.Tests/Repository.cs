using System.Reflection;

namespace Plume.Cli.Tests;

/// <summary>Files of the source tree and of the built program, by the places the build wrote into this assembly.</summary>
static class Repository
{
    public static string Path(string relative) => System.IO.Path.Combine(Value("RepositoryRoot"), relative);

    /// <summary>The built program, compiled ahead, in a folder with all that belongs to it.</summary>
    public static string Program => Value("PlumeProgram");

    static string Value(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == key).Value!;
}
