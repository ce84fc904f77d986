"""The Juhe-style fuel-card interface behind the issuer port (FU1); `client.JuheIssuer` is the way in."""
