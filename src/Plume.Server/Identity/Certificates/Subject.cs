using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Server.Identity.Certificates;

/// <summary>Whom a certificate or a request for one names.</summary>
/// <param name="Name">The one common name.</param>
/// <param name="Role">From the one organizational unit; none where there is no such unit.</param>
readonly record struct Subject(string Name, Roles Role)
{
    const string CommonName = "2.5.4.3";
    const string OrganizationalUnit = "2.5.4.11";

    /// <summary>Reads a distinguished name; null where a client's name cannot be told from it without doubt.</summary>
    public static Subject? Read(X500DistinguishedName name)
    {
        try
        {
            var parts = name.EnumerateRelativeDistinguishedNames().ToList();
            if (parts.Any(part => part.HasMultipleElements))
                return null;
            var names = Values(parts, CommonName);
            var units = Values(parts, OrganizationalUnit);
            return names.Count == 1 && units.Count <= 1 && ClientName.IsValid(names[0])
                ? new Subject(names[0]!, RoleText.Read(units.FirstOrDefault())) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public X500DistinguishedName ToDistinguishedName()
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddOrganizationalUnitName(RoleText.Write(Role));
        builder.AddCommonName(Name);
        return builder.Build();
    }

    static List<string?> Values(List<X500RelativeDistinguishedName> parts, string type) =>
        [.. parts.Where(part => part.GetSingleElementType().Value == type).Select(part => part.GetSingleElementValue())];
}
