using Plume.Compression.Lines;

namespace Plume.Federation.Methods;

/// <summary>A method that the notation can name.</summary>
interface INotatedMethod<TSelf> where TSelf : Method, INotatedMethod<TSelf>
{
    /// <summary>The word that names it.</summary>
    static abstract string Keyword { get; }

    /// <summary>Reads its arguments.</summary>
    /// <exception cref="FormatException">An argument breaks its rule.</exception>
    static abstract TSelf Parse(LineArguments arguments);
}
