namespace Plume.Client.State;

/// <summary>Whose state it is: a client's place in one run of a federation. What another place kept is void.</summary>
/// <param name="Federation">The federation's name.</param>
/// <param name="Name">The client's name.</param>
/// <param name="Run">Names the run.</param>
/// <param name="Number">The client's number in it.</param>
sealed record Place(string Federation, string Name, byte[] Run, int Number)
{
    public bool Equals(Place? other) =>
        other is not null && Federation == other.Federation && Name == other.Name && Number == other.Number
            && Run.AsSpan().SequenceEqual(other.Run);

    public override int GetHashCode() => HashCode.Combine(Federation, Name, Number, Run.Length);
}
